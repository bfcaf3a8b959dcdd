/**
 * What is in a frame: {@link dev.ringtap.packet.PacketHeaders} decodes link, network and transport
 * headers without allocation, {@link dev.ringtap.packet.FlowKey} and {@link
 * dev.ringtap.packet.CommunityId} name the conversation, and {@link dev.ringtap.packet.PacketLine}
 * prints a packet as tcpdump does. {@link dev.ringtap.packet.DnsMessage}, {@link
 * dev.ringtap.packet.TlsHello} and {@link dev.ringtap.packet.HttpRequest} read what TCP and UDP
 * carry.
 */
@NullMarked
package dev.ringtap.packet;

import org.jspecify.annotations.NullMarked;
