/** The block layer: disks in memory, and what is put over disks. */
package io.uk4j.blk;
