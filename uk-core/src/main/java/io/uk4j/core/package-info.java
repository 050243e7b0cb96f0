/** The platform contract and its parts, the event loop contract, memory contracts, and the life cycle. */
package io.uk4j.core;
