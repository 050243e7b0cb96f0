/** Echo, discard, daytime and chargen over TCP and UDP, as callbacks on the loop. */
package io.uk4j.example.inetd;
