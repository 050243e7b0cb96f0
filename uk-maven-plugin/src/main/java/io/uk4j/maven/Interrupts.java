package io.uk4j.maven;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/** Takes Ctrl-C and SIGTERM for a while, so that Maven goes on to its own end. By {@code sun.misc.Signal}; without it, Maven ends at once. */
final class Interrupts implements AutoCloseable {
    private volatile String name = "nobody";
    private final List<Restore> before = new ArrayList<>();

    private Interrupts(Runnable action) {
        for (String signal : List.of("INT", "TERM")) {
            try {
                take(signal, action);
            } catch (ReflectiveOperationException | IllegalArgumentException e) {
                // This JVM lets nobody handle signals: Ctrl-C ends Maven, and the hook of the machine ends the machine.
                break;
            }
        }
    }

    /** Starts to take them. */
    static Interrupts to(Runnable action) {
        return new Interrupts(action);
    }

    /** What came. */
    String name() {
        return name;
    }

    @Override
    public void close() {
        before.forEach(Restore::run);
    }

    @SuppressWarnings("ReferenceEquality")
    private void take(String signal, Runnable action) throws ReflectiveOperationException {
        Class<?> signals = Class.forName("sun.misc.Signal");
        Class<?> handlers = Class.forName("sun.misc.SignalHandler");
        String spoken = signal.equals("INT") ? "Ctrl-C" : "SIG" + signal;
        InvocationHandler taken = (proxy, method, arguments) -> switch (method.getName()) {
            case "handle" -> {
                name = spoken;
                action.run();
                yield null;
            }
            case "equals" -> proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            default -> "handler of " + spoken;
        };
        Object handler = Proxy.newProxyInstance(Interrupts.class.getClassLoader(), new Class<?>[] {handlers}, taken);
        Object number = signals.getConstructor(String.class).newInstance(signal);
        Method handle = signals.getMethod("handle", signals, handlers);
        Object previous = handle.invoke(null, number, handler);
        before.add(() -> {
            try {
                handle.invoke(null, number, previous);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("The handler was accepted before.", e);
            }
        });
    }

    /** Gives a signal back. */
    private interface Restore {
        void run();
    }
}
