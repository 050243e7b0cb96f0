/**
 * A simulation drives its hosts' duties on one thread in virtual time; a platform is what one simulated host stands on; a
 * wire joins two of them.
 *
 * <p>Thread rule of the whole package, unless a method says otherwise: everything that belongs to one simulation is used
 * by one thread. Different simulations are independent of each other.
 */
package io.uk4j.platform.sim;
