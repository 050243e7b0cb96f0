package io.uk4j.maven;

import java.nio.file.Path;

/**
 * Where an image and what belongs to it go.
 *
 * @param folder the build's
 * @param name of all files, without an ending
 */
record Outputs(Path folder, String name) {
    /** The file that boots. */
    Path image() {
        return folder.resolve(name + ".img");
    }

    /** The file tree, where it is apart from what boots. */
    Path tree() {
        return folder.resolve(name + ".tree");
    }

    /** What is in the image. */
    Path manifest() {
        return folder.resolve(name + ".manifest.json");
    }

    /** The bill of materials. */
    Path bill() {
        return folder.resolve(name + ".cdx.json");
    }

    /** SHA-256 of the files that boot, as sha256sum reads it. */
    Path digests() {
        return folder.resolve(name + ".sha256");
    }

    /** What the image was made of. */
    Path inputs() {
        return work().resolve(name + ".inputs");
    }

    /** The machine that uk:start booted, while it runs. */
    Path machine() {
        return work().resolve(name + ".machine");
    }

    /** What the machine that uk:start booted writes to its console. */
    Path console() {
        return work().resolve(name + ".console");
    }

    /** What can be used again. */
    Path work() {
        return folder.resolve("uk");
    }
}
