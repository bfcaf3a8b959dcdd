package dev.ringtap.filter;

final class Placeholder {}
