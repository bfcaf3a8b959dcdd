package dev.ringtap.lab;

final class Placeholder {}
