/** The network device contract: batches of frames between one loop and one device. */
package io.uk4j.core.net;
