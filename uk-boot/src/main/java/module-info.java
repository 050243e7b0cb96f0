/**
 * What others need of the boot layer when they make an image: the sealed file tree that it reads, written and read from Java. The boot
 * layer itself is C, and is built by {@code src/main/c/build}.
 */
@org.jspecify.annotations.NullMarked
module io.uk4j.boot {
    requires static org.jspecify;

    exports io.uk4j.boot;
}
