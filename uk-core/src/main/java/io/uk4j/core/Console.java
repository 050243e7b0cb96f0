package io.uk4j.core;

/**
 * The operator's console: a terminal on the hosted platform, a serial line or a ring shared with the hypervisor in a
 * sealed image.
 *
 * <p>Thread rule: shared.
 */
public interface Console {
    /**
     * Writes text, as UTF-8. Returns when the platform has taken it, which says nothing about anyone reading it.
     *
     * @param text any text; a line ends where it holds {@code '\n'}
     */
    void write(CharSequence text);

    /**
     * Asks to be told once when the operator wants the appliance to end: SIGINT or SIGTERM on the hosted platform, a
     * power button or a shutdown request of the hypervisor in a sealed image.
     *
     * @param action called on a thread of the platform's choice; must return soon. A second call of this method
     *     replaces the first action
     */
    void onStopRequest(Runnable action);
}
