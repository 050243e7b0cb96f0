package io.uk4j.platform.kvm;

/** What the platform's own threads have in common. */
final class Threads {
    private Threads() {}

    /** Waits until a thread has ended, whatever interrupts; the caller is interrupted after that. One that was never started has ended. */
    static void awaitEnd(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
