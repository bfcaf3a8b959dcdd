-- Adds the names of pods to the packets of the agents' topic: by address, as it was at the packet's time.
-- README.md says what the topic `pods` holds.

-- Pods seldom change. Without it, packets would wait for the next change.
SET 'table.exec.source.idle-timeout' = '10 s';

CREATE TABLE packets (
  `timestamp` TIMESTAMP_LTZ(9), host STRING, ip_src STRING, ip_dst STRING, ip_protocol INT, src_port INT, dst_port INT,
  original_length INT,
  captured AS CAST(`timestamp` AS TIMESTAMP_LTZ(3)),
  -- packets wait this long for a change of pods that arrives later than they do
  WATERMARK FOR captured AS captured - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka', 'properties.bootstrap.servers' = 'kafka:9092', 'topic' = 'packets',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'ringtap'
);

CREATE TABLE pods (
  ip STRING,
  namespace STRING,
  pod STRING,
  since TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
  WATERMARK FOR since AS since,
  PRIMARY KEY (ip) NOT ENFORCED
) WITH (
  'connector' = 'upsert-kafka', 'properties.bootstrap.servers' = 'kafka:9092', 'topic' = 'pods',
  'key.format' = 'raw', 'value.format' = 'json', 'value.fields-include' = 'EXCEPT_KEY'
);

CREATE TABLE pod_packets (
  `timestamp` TIMESTAMP_LTZ(9), node STRING,
  ip_src STRING, src_namespace STRING, src_pod STRING, src_port INT,
  ip_dst STRING, dst_namespace STRING, dst_pod STRING, dst_port INT,
  ip_protocol INT, original_length INT
) WITH (
  'connector' = 'kafka', 'properties.bootstrap.servers' = 'kafka:9092', 'topic' = 'pod-packets',
  'format' = 'json'
);

INSERT INTO pod_packets
SELECT packet.`timestamp`, packet.host,
  packet.ip_src, src.namespace, src.pod, packet.src_port,
  packet.ip_dst, dst.namespace, dst.pod, packet.dst_port,
  packet.ip_protocol, packet.original_length
FROM packets AS packet
LEFT JOIN pods FOR SYSTEM_TIME AS OF packet.captured AS src ON packet.ip_src = src.ip
LEFT JOIN pods FOR SYSTEM_TIME AS OF packet.captured AS dst ON packet.ip_dst = dst.ip;
