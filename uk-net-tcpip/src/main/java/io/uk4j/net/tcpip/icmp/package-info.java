/** ICMP: echoes answered, errors sent seldom and received with distrust. */
package io.uk4j.net.tcpip.icmp;
