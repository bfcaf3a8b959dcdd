// Prints the packets of a topic as JSON, one line each, with goavro and nothing of Ringtap.
//
//	kcat -C -e -q -b HOST:PORT -t TOPIC -D '' -f '%R%s' | go run read_records.go SCHEMA_DIRECTORY
//
// SCHEMA_DIRECTORY holds Packet.avsc and PacketBatch.avsc. kcat writes each value after its length in 32 bits.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/linkedin/goavro/v2"
)

// The branch of the union [Packet, PacketBatch] that a value's first ten bytes stand for, as Avro encodes it.
var branches = map[string]byte{
	"\xc3\x01\xcb\x48\x5a\xea\x5d\xf3\x67\xf5": 0, // Packet
	"\xc3\x01\xc0\xb2\x37\xff\x23\xcc\x3e\x28": 2, // PacketBatch: branch 1 in zig-zag encoding
}

func decode(union *goavro.Codec, value []byte) (interface{}, error) {
	if len(value) < 10 {
		return nil, fmt.Errorf("value of %d bytes", len(value))
	}
	branch, known := branches[string(value[:10])]
	if !known {
		return nil, fmt.Errorf("unknown schema or encoding: %x", value[:10])
	}
	record, _, err := union.NativeFromBinary(append([]byte{branch}, value[10:]...))
	return record, err
}

func packets(union *goavro.Codec, value []byte) ([]map[string]interface{}, error) {
	record, err := decode(union, value)
	if err != nil {
		return nil, err
	}
	byName := record.(map[string]interface{})
	if packet, single := byName["dev.ringtap.record.Packet"]; single {
		return []map[string]interface{}{packet.(map[string]interface{})}, nil
	}
	batch := byName["dev.ringtap.record.PacketBatch"].(map[string]interface{})
	var all []map[string]interface{}
	for _, item := range batch["packets"].([]interface{}) {
		packet := item.(map[string]interface{})
		for _, shared := range []string{"host", "captureStart", "member"} {
			packet[shared] = batch[shared]
		}
		all = append(all, packet)
	}
	return all, nil
}

// Replaces what JSON has no type for.
func printable(packet map[string]interface{}) map[string]interface{} {
	packet["payload"] = hex.EncodeToString(packet["payload"].([]byte))
	packet["captureStart"] = packet["captureStart"].(time.Time).UTC().Format("2006-01-02T15:04:05.000000Z")
	if vlan, tagged := packet["vlan"].(map[string]interface{}); tagged {
		packet["vlan"] = vlan["dev.ringtap.record.Vlan"]
	}
	return packet
}

func schema(name string) string {
	text, err := os.ReadFile(filepath.Join(os.Args[1], name))
	if err != nil {
		log.Fatal(err)
	}
	return string(text)
}

func main() {
	// PacketBatch.avsc uses types of Packet.avsc: parse both as one union
	union, err := goavro.NewCodec("[" + schema("Packet.avsc") + "," + schema("PacketBatch.avsc") + "]")
	if err != nil {
		log.Fatal(err)
	}
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		var length uint32
		if err := binary.Read(in, binary.BigEndian, &length); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		value := make([]byte, length)
		if _, err := io.ReadFull(in, value); err != nil {
			log.Fatal(err)
		}
		all, err := packets(union, value)
		if err != nil {
			log.Fatal(err)
		}
		for _, packet := range all {
			if err := out.Encode(printable(packet)); err != nil {
				log.Fatal(err)
			}
		}
	}
}
