package io.uk4j.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/** What the user of a disk did, and what they may find on it after a power cut. */
final class CrashModel {
    /** A write that was submitted; its contents follow from its number. Without a number it is a discard, a 0 is a write of zeros. */
    static final class Write {
        static final int DISCARD = -1;
        static final int ZEROES = 0;

        final int number;
        final int firstUnit;
        final int units;
        final long submitted;
        long completed = PowerLine.NEVER;

        Write(int number, int firstUnit, int units, long submitted) {
            this.number = number;
            this.firstUnit = firstUnit;
            this.units = units;
            this.submitted = submitted;
        }

        boolean covers(int unit) {
            return unit >= firstUnit && unit < firstUnit + units;
        }
    }

    private record Flush(long submitted, long completed) {}

    private final int unitBytes;
    private final List<Write> writes = new ArrayList<>();
    private final List<Flush> flushes = new ArrayList<>();

    CrashModel(int unitBytes) {
        this.unitBytes = unitBytes;
    }

    Write begin(int number, int firstUnit, int units, long now) {
        Write write = new Write(number, firstUnit, units, now);
        writes.add(write);
        return write;
    }

    void flushed(long submitted, long completed) {
        flushes.add(new Flush(submitted, completed));
    }

    /** How many writes were submitted. */
    int writes() {
        return writes.size();
    }

    /** What a write puts into a unit: different in each write and each unit, and not zero. */
    static void fill(byte[] into, int at, int length, int number, int unit) {
        if (number == Write.ZEROES) {
            Arrays.fill(into, at, at + length, (byte) 0);
            return;
        }
        byte[] bytes = new byte[length];
        new SplittableRandom(((long) number << 32) + unit).nextBytes(bytes);
        System.arraycopy(bytes, 0, into, at, length);
    }

    /**
     * Checks what is found after a cut.
     *
     * @param where for the message
     */
    void check(byte[] found, long cut, String where) {
        long flushed = 0;
        for (Flush flush : flushes) {
            if (flush.completed <= cut) {
                flushed = Math.max(flushed, flush.submitted);
            }
        }
        List<Write> ordered = new ArrayList<>(writes);
        ordered.sort(Comparator.comparingLong(write -> write.completed));
        byte[] expected = new byte[unitBytes];
        for (int unit = 0; unit < found.length / unitBytes; unit++) {
            int durable = Write.ZEROES;
            List<Integer> possible = new ArrayList<>();
            for (Write write : ordered) {
                if (!write.covers(unit)) {
                    continue;
                }
                if (write.completed < flushed) {
                    durable = write.number;
                } else if (write.submitted <= cut) {
                    possible.add(write.number);
                }
            }
            possible.addFirst(durable);
            if (!possible.contains(Write.DISCARD) && !matchesAny(found, unit, possible, expected)) {
                throw new AssertionError(where + ": unit " + unit + " (" + unitBytes + " bytes) holds "
                        + identify(found, unit, expected) + "; it may hold " + names(possible) + ".");
            }
        }
    }

    private boolean matchesAny(byte[] found, int unit, List<Integer> numbers, byte[] expected) {
        for (int number : numbers) {
            if (matches(found, unit, number, expected)) {
                return true;
            }
        }
        return false;
    }

    private boolean matches(byte[] found, int unit, int number, byte[] expected) {
        fill(expected, 0, unitBytes, number, unit);
        return Arrays.equals(found, unit * unitBytes, (unit + 1) * unitBytes, expected, 0, unitBytes);
    }

    private String identify(byte[] found, int unit, byte[] expected) {
        if (matches(found, unit, Write.ZEROES, expected)) {
            return "zeros";
        }
        for (Write write : writes) {
            if (write.covers(unit) && matches(found, unit, write.number, expected)) {
                return "write " + write.number;
            }
        }
        return "a mixture";
    }

    private static String names(List<Integer> numbers) {
        return String.join(
                " or ",
                numbers.stream()
                        .map(number -> number == Write.ZEROES ? "zeros" : "write " + number)
                        .toList());
    }
}
