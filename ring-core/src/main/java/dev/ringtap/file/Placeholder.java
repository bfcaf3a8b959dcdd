package dev.ringtap.file;

final class Placeholder {}
