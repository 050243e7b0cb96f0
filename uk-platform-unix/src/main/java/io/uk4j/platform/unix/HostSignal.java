package io.uk4j.platform.unix;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/**
 * One signal of the process, by {@code sun.misc.Signal}, which the module {@code jdk.unsupported} exports for this use.
 * Called by reflection: javac warns of each mention of it, and no annotation silences that.
 */
final class HostSignal {
    private final Method handle;
    private final Object signal;
    private final Object previous;

    private HostSignal(Method handle, Object signal, Object handler) throws ReflectiveOperationException {
        this.handle = handle;
        this.signal = signal;
        previous = handle.invoke(null, signal, handler);
    }

    /**
     * Has an action run, on a thread of the JVM, whenever the signal arrives.
     *
     * @param name without SIG
     * @throws IllegalArgumentException if the JVM cannot handle it, or was told not to
     */
    @SuppressWarnings("ReferenceEquality")
    static HostSignal handle(String name, Runnable action) {
        try {
            Class<?> signalType = Class.forName("sun.misc.Signal");
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler = Proxy.newProxyInstance(
                    HostSignal.class.getClassLoader(),
                    new Class<?>[] {handlerType},
                    (proxy, method, arguments) -> switch (method.getName()) {
                        case "handle" -> {
                            action.run();
                            yield null;
                        }
                        case "equals" -> proxy == arguments[0];
                        case "hashCode" -> System.identityHashCode(proxy);
                        default -> "handler of SIG" + name;
                    });
            return new HostSignal(
                    signalType.getMethod("handle", signalType, handlerType),
                    signalType.getConstructor(String.class).newInstance(name),
                    handler);
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException("SIG" + name + " cannot be handled.", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("This JVM has no module jdk.unsupported.", e);
        }
    }

    /** Lets whoever handled the signal before handle it again. */
    void restore() {
        try {
            handle.invoke(null, signal, previous);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("The handler was accepted before.", e);
        }
    }
}
