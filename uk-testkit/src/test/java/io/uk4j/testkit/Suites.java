package io.uk4j.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Map;
import java.util.TreeMap;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a test class inside a test. */
final class Suites {
    private Suites() {}

    /** Runs a class and returns the names of its tests that failed, with why. */
    static Map<String, Throwable> failures(Class<?> testClass) {
        Map<String, Throwable> failures = new TreeMap<>();
        int[] ran = {0};
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(testClass))
                .build();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                ran[0] += test.isTest() ? 1 : 0;
                result.getThrowable().ifPresent(thrown -> failures.put(methodName(test), thrown));
            }
        });
        assertTrue(ran[0] > 0, "no test ran in " + testClass);
        return failures;
    }

    /** Asserts that the suite fails in this test, whatever else fails with it. */
    static void assertRejects(Class<?> suite, String test) {
        Map<String, Throwable> failures = failures(suite);
        assertTrue(failures.containsKey(test), () -> "expected " + test + " to fail, but these did: " + failures);
    }

    private static String methodName(TestIdentifier test) {
        return test.getSource()
                .map(source -> source instanceof org.junit.platform.engine.support.descriptor.MethodSource method
                        ? method.getMethodName()
                        : source.toString())
                .orElse(test.getDisplayName());
    }
}
