/** Small tables with primitive keys. */
package io.uk4j.net.tcpip.util;
