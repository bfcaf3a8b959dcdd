package dev.ringtap.packet;

final class Placeholder {}
