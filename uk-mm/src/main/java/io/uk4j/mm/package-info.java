/**
 * Memory. {@link io.uk4j.mm.PageArena} cuts pieces out of a platform's pages, {@link io.uk4j.mm.PacketPool} keeps the
 * packet buffers of a loop, and three allocators stand behind {@link io.uk4j.core.Allocator}:
 *
 * <table class="striped">
 * <caption>Which allocator to choose</caption>
 * <thead>
 * <tr><th>allocator</th><th>choose it for</th><th>allocate, free</th><th>what is lost</th></tr>
 * </thead>
 * <tbody>
 * <tr><td>{@link io.uk4j.mm.RegionAllocator}</td><td>things that end together, or in reverse order</td>
 * <td>O(1), O(1)</td><td>what was freed, until all is free</td></tr>
 * <tr><td>{@link io.uk4j.mm.SizeClassAllocator}</td><td>many small things that come and go in any order</td>
 * <td>O(1), O(1); large ones O(spans)</td><td>rounding, and spans that are partly used</td></tr>
 * <tr><td>{@link io.uk4j.mm.BuddyAllocator}</td><td>ranges of very different sizes; strong alignment</td>
 * <td>O(log n), O(log n)</td><td>rounding up to powers of two: less than half</td></tr>
 * </tbody>
 * </table>
 */
package io.uk4j.mm;
