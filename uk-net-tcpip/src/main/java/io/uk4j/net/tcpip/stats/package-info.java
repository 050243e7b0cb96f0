/** What the layers count. */
package io.uk4j.net.tcpip.stats;
