/** Devices in other processes, by the vhost-user protocol; and the other side, for devices of one's own. */
package io.uk4j.vhost.user;
