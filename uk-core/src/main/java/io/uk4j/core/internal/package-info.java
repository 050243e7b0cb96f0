/** What several exported packages share; not exported. */
package io.uk4j.core.internal;
