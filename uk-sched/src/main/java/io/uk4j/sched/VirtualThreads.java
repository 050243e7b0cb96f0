package io.uk4j.sched;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The one place that reaches into the JDK: virtual threads with a scheduler of one's own, which JDK 25 has but does not yet
 * offer. A thread started from such a thread inherits its scheduler.
 */
final class VirtualThreads {
    private static final Access ACCESS = Access.find();

    private VirtualThreads() {}

    /** Why virtual threads cannot be carried by a scheduler of ours, or null if they can. */
    static @Nullable String obstacle() {
        return ACCESS.obstacle;
    }

    /** What to add to the command line, for those whom {@link #obstacle} stops. */
    static String flag() {
        Module module = VirtualThreads.class.getModule();
        return "--add-opens java.base/java.lang=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
    }

    /**
     * A builder of threads that are run by a scheduler.
     *
     * @throws IllegalStateException if there is an {@link #obstacle}
     */
    static Thread.Builder.OfVirtual builder(Executor scheduler) {
        MethodHandle newBuilder = ACCESS.newBuilder;
        if (newBuilder == null) {
            throw new IllegalStateException(ACCESS.obstacle);
        }
        try {
            return (Thread.Builder.OfVirtual) newBuilder.invokeExact(scheduler);
        } catch (Throwable failure) {
            throw new IllegalStateException("The JDK refused to make a builder of virtual threads.", failure);
        }
    }

    /** Whether a thread is a virtual one run by a scheduler. */
    @SuppressWarnings("ReferenceEquality") // Schedulers are compared by identity.
    static boolean isRunBy(Executor scheduler, Thread thread) {
        MethodHandle schedulerOf = ACCESS.schedulerOf;
        if (schedulerOf == null || !thread.isVirtual()) {
            return false;
        }
        try {
            return (Executor) schedulerOf.invokeExact(thread) == scheduler;
        } catch (Throwable failure) {
            throw new AssertionError("Reading a field does not fail.", failure);
        }
    }

    /** A record, because only a record's fields are constants for the compiler, which then inlines the handles. */
    private record Access(
            @Nullable MethodHandle newBuilder,
            @Nullable MethodHandle schedulerOf,
            @Nullable String obstacle) {

        static Access find() {
            try {
                Class<?> builder = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder");
                MethodHandle newBuilder = MethodHandles.privateLookupIn(builder, MethodHandles.lookup())
                        .findConstructor(builder, MethodType.methodType(void.class, Executor.class))
                        .asType(MethodType.methodType(Thread.Builder.OfVirtual.class, Executor.class));
                Class<?> thread = Class.forName("java.lang.VirtualThread");
                MethodHandle schedulerOf = MethodHandles.privateLookupIn(thread, MethodHandles.lookup())
                        .findGetter(thread, "scheduler", Executor.class)
                        .asType(MethodType.methodType(Executor.class, Thread.class));
                return new Access(newBuilder, schedulerOf, null);
            } catch (IllegalAccessException _) {
                return new Access(null, null, "java.lang is not open to uk-sched");
            } catch (ReflectiveOperationException | RuntimeException failure) {
                return new Access(null, null, "this JDK is unlike JDK 25 inside (" + failure + ")");
            }
        }
    }
}
