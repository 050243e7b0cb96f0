package io.uk4j.core.config;

/**
 * A value that somebody gave.
 *
 * @param layer how strong it is
 * @param name as it was written, such as {@code UK_NET_MTU} or {@code %dev.uk.net.mtu}
 * @param key the key's name that this stands for, such as {@code uk.net.mtu}
 * @param text the value as it was written
 * @param place where that was, such as {@code command line} or a file
 */
record Setting(Layer layer, String name, String key, String text, String place) {
    /** Where the value came from, for {@link Config#origin}: an environment variable's name says it all. */
    String origin() {
        return switch (layer) {
            case ENVIRONMENT -> name;
            case DIRECTORY_PROFILE, CLASS_PATH_PROFILE -> place + " " + name.substring(0, name.indexOf('.'));
            default -> place;
        };
    }
}
