/** The block device contract: requests between one loop and one device. */
package io.uk4j.core.block;
