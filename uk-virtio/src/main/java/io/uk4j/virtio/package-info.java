/** How a driver reaches its device, feature bits, and how a device breaks the rules. */
package io.uk4j.virtio;
