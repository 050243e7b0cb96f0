package io.uk4j.core.config;

/** The layers that a value can come from. One that stands earlier wins. */
enum Layer {
    CODE,
    COMMAND_LINE,
    SYSTEM_PROPERTY,
    ENVIRONMENT,
    DIRECTORY,
    CLASS_PATH,
    DIRECTORY_PROFILE,
    CLASS_PATH_PROFILE,
    SEALED;

    /** Whether it is a file, in which nothing may stand twice. */
    boolean isFile() {
        return compareTo(DIRECTORY) >= 0;
    }
}
