package io.uk4j.system;

import io.uk4j.core.Appliance;

/** A program for the inside of a sealed image: it wants to be started again as soon as it runs. */
final class GuestRestart {
    private GuestRestart() {}

    /** Runs until somebody ends the machine from outside. */
    public static void main(String[] args) {
        Appliance.main(args, Appliance::restart);
    }
}
