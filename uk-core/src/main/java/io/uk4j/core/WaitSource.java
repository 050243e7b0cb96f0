package io.uk4j.core;

/**
 * Something that can end a wait: a file descriptor on the hosted platform, an interrupt on KVM, an event channel on Xen.
 * Platforms have kinds of their own; a {@link SignalSource} works on each of them, and so does a {@link JointSource} of
 * sources that do.
 */
public interface WaitSource {}
