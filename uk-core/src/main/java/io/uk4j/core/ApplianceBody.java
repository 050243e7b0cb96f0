package io.uk4j.core;

/** What an application does to become an appliance: opens devices, makes loops and stacks, starts to serve. */
@FunctionalInterface
public interface ApplianceBody {
    /**
     * Sets the appliance up, and returns when that is done; the appliance then runs until it is stopped. May as well do
     * all its work here: it is interrupted when the appliance is stopped meanwhile.
     *
     * @param appliance what to take platform and configuration from, and to hand resources to
     * @throws UkException for what its user can put right: the message is shown without a stack trace
     * @throws Exception for anything else that keeps it from running
     */
    void run(Appliance appliance) throws Exception;
}
