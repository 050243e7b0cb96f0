/** Feature bits, and how a device breaks the rules. */
package io.uk4j.virtio;
