/**
 * One event loop, its timers and its inbox, and fibers: blocking code on virtual threads that the loop carries.
 *
 * <p>{@link io.uk4j.sched.Loop} is the loop. {@link io.uk4j.sched.Fibers} starts fibers on it. {@link
 * io.uk4j.sched.LoopCall} is how a thread waits for something that the loop owns, and {@link io.uk4j.sched.WaitQueue}
 * and {@link io.uk4j.sched.Channel} are two ready uses of it.
 */
package io.uk4j.sched;
