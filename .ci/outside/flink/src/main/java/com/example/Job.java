package com.example;

import dev.ringtap.flink.source.AvroBytesDeserializer;
import dev.ringtap.flink.source.PacketSource;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

public final class Job {
  public static void main(String[] arguments) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    PacketSource<byte[]> source =
        PacketSource.<byte[]>builder()
            .interfaceName("lo")
            .filter("udp port 9")
            .limit(5)
            .deserializer(new AvroBytesDeserializer())
            .build();
    env.fromSource(source, WatermarkStrategy.noWatermarks(), "packets")
        .map(value -> "record of " + value.length + " bytes")
        .print();
    env.execute();
  }
}
