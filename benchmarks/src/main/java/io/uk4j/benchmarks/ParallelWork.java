package io.uk4j.benchmarks;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;

/**
 * Work for all processors of a machine, for the guest of {@link SmpBenchmark}: sorting, hashing, garbage, a shared map and now and then a lock that all
 * want. The amount does not depend on how many processors there are.
 *
 * <p>Prints {@code begin} and {@code end N}, N being nanoseconds; half a second passes around each, so that who reads along reads the
 * state between the lines.
 */
public final class ParallelWork {
    private static final int WARM_UP_UNITS = 1500;
    private static final int UNITS = 4000;
    private static final int NUMBERS = 4096;
    private static final int PAUSE_MS = 500;

    private final Map<Long, Integer> results = new ConcurrentHashMap<>();
    private long sum;

    private ParallelWork() {}

    /**
     * Works, and ends.
     *
     * @param args none
     * @throws InterruptedException never
     */
    public static void main(String[] args) throws InterruptedException {
        int threads = Runtime.getRuntime().availableProcessors();
        System.out.println("processors " + threads);
        new ParallelWork().run(threads, WARM_UP_UNITS);
        Thread.sleep(PAUSE_MS);
        System.out.println("begin");
        Thread.sleep(PAUSE_MS);
        ParallelWork work = new ParallelWork();
        long startNs = System.nanoTime();
        work.run(threads, UNITS);
        long elapsedNs = System.nanoTime() - startNs;
        if (work.results.size() != UNITS) {
            throw new IllegalStateException("There are " + work.results.size() + " results, sum " + work.sum);
        }
        System.out.println("end " + elapsedNs);
        Thread.sleep(PAUSE_MS);
    }

    private void run(int threads, int units) throws InterruptedException {
        AtomicInteger next = new AtomicInteger();
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            workers[i] = new Thread(() -> {
                for (int unit = next.getAndIncrement(); unit < units; unit = next.getAndIncrement()) {
                    unit(unit);
                }
            });
            workers[i].start();
        }
        for (Thread worker : workers) {
            worker.join();
        }
    }

    private void unit(int number) {
        SplittableRandom random = new SplittableRandom(number);
        long[] numbers = new long[NUMBERS];
        Arrays.setAll(numbers, i -> random.nextLong());
        Arrays.sort(numbers);
        CRC32 check = new CRC32();
        byte[] bytes = new byte[NUMBERS];
        for (int i = 0; i < NUMBERS; i++) {
            bytes[i] = (byte) numbers[i];
        }
        check.update(bytes);
        results.put((long) number << 32 | check.getValue(), number);
        synchronized (results) {
            sum += numbers[0];
        }
    }
}
