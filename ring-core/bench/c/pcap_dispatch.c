/*
 * Reads through libpcap's pcap_dispatch.
 *
 *   pcap_dispatch INTERFACE count   looks at each packet's time and lengths
 *   pcap_dispatch INTERFACE copy    copies each packet into one buffer, one behind the other
 */
#include <pcap/pcap.h>
#include <string.h>

#include "marks.h"
#include "ring_size.h"

struct capture {
  pcap_t *pcap;
  pcap_handler handler;
  uint64_t frames; /* of this dispatch */
  uint64_t sum;
  uint8_t *at;
};

/* The buffer is used from its start again when it is full. */
static uint8_t buffer[2 * RING_BLOCK_BYTES];

static void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *packet) {
  (void)packet;
  struct capture *capture = (struct capture *)user;
  uint64_t nanos = (uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec;
  capture->sum += nanos + header->caplen + header->len;
  capture->frames++;
}

static void copy_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *packet) {
  struct capture *capture = (struct capture *)user;
  if (header->caplen > (size_t)(buffer + sizeof buffer - capture->at)) {
    capture->at = buffer;
  }
  memcpy(capture->at, packet, header->caplen);
  capture->at += header->caplen;
  capture->sum += header->caplen;
  capture->frames++;
}

static void read_packets(void *opened) {
  struct capture *capture = opened;
  for (;;) {
    if (pcap_dispatch(capture->pcap, -1, capture->handler, (u_char *)capture) < 0) {
      pcap_perror(capture->pcap, "pcap_dispatch");
      exit(1);
    }
    count(capture->frames, capture->sum);
    capture->frames = 0;
    capture->sum = 0;
  }
}

static uint64_t dropped(void *opened) {
  struct pcap_stat stat;
  if (pcap_stats(((struct capture *)opened)->pcap, &stat) < 0) {
    fail("pcap_stats");
  }
  return stat.ps_drop;
}

static pcap_t *open_live(const char *interface) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t *pcap = pcap_create(interface, error);
  if (pcap == NULL) {
    fprintf(stderr, "pcap_create: %s\n", error);
    exit(1);
  }
  pcap_set_snaplen(pcap, 262144);
  pcap_set_promisc(pcap, 1);
  pcap_set_timeout(pcap, RETIRE_TIMEOUT_MILLIS);
  pcap_set_buffer_size(pcap, RING_BLOCKS * RING_BLOCK_BYTES);
  pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
  if (pcap_activate(pcap) < 0) {
    pcap_perror(pcap, "pcap_activate");
    exit(1);
  }
  return pcap;
}

int main(int argument_count, char **arguments) {
  int copies = argument_count == 3 && strcmp(arguments[2], "copy") == 0;
  if (!copies && (argument_count != 3 || strcmp(arguments[2], "count") != 0)) {
    fprintf(stderr, "usage: pcap_dispatch INTERFACE count|copy\n");
    return 2;
  }
  static struct capture capture;
  capture.pcap = open_live(arguments[1]);
  capture.handler = copies ? copy_packet : count_packet;
  capture.at = buffer;
  return read_and_answer((struct reader){read_packets, dropped, &capture});
}
