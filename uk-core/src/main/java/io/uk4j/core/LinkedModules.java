package io.uk4j.core;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.InvalidModuleDescriptorException;
import java.lang.module.ModuleDescriptor;
import java.net.URL;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the uk4j modules that are linked in by their descriptors, which lie on the class path as they do on the module
 * path.
 */
final class LinkedModules {
    private static final Logger LOG = LoggerFactory.getLogger(LinkedModules.class);
    private static final String PREFIX = "io.uk4j.";

    private LinkedModules() {}

    /** One line for each, with its version. */
    static String describe() {
        Map<String, String> versions = find(Launcher.contextLoader());
        int width = versions.keySet().stream().mapToInt(String::length).max().orElse(0);
        StringBuilder text = new StringBuilder();
        versions.forEach((name, version) -> text.append(name)
                .repeat(' ', width - name.length() + 2)
                .append(version)
                .append('\n'));
        return text.toString();
    }

    /** Version by artifact. */
    static SortedMap<String, String> find(ClassLoader loader) {
        SortedMap<String, String> versions = new TreeMap<>();
        ModuleLayer.boot().modules().forEach(module -> add(versions, module.getDescriptor()));
        try {
            for (URL url : Collections.list(loader.getResources("module-info.class"))) {
                try (InputStream stream = url.openStream()) {
                    add(versions, ModuleDescriptor.read(stream));
                } catch (InvalidModuleDescriptorException e) {
                    // Not ours: ours are of this JDK.
                    LOG.debug("{} cannot be read", url, e);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("A module descriptor on the class path cannot be read.", e);
        }
        return versions;
    }

    private static void add(Map<String, String> versions, ModuleDescriptor descriptor) {
        if (descriptor.name().startsWith(PREFIX)) {
            String artifact =
                    "uk-" + descriptor.name().substring(PREFIX.length()).replace('.', '-');
            versions.put(artifact, descriptor.rawVersion().orElse("of unknown version"));
        }
    }
}
