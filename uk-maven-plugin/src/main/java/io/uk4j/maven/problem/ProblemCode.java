package io.uk4j.maven.problem;

/** The kinds of problems. A code never changes its meaning; docs/errors.md is made from this list. */
public enum ProblemCode {
    /** The project's packaging or state does not give a jar. */
    UK101(
            "There is no jar to put into the image",
            "The goal runs after the jar was made: bind it to package, or run mvn package first."),
    /** No main class, or several. */
    UK102(
            "The main class is not clear",
            "Say which class starts the application: `<mainClass>` or `-Duk.image.mainClass=NAME`."),
    /** A parameter's value cannot be. */
    UK103("A parameter has a value that cannot be", "The message names the parameter and what is allowed."),
    /** No JDK that can make a runtime for the image. */
    UK104(
            "No JDK 25 for Linux on x86-64 was found",
            "Run Maven on one, name one by `<jdk>` or `-Duk.image.jdk=PATH`, or by Maven's toolchains."),
    /** A tool of the JDK failed. */
    UK105("A tool of the JDK failed", "The message ends with what the tool said."),
    /** The C library of this system was not found. */
    UK106("The C library that the Java runtime needs was not found", "Images are made on Linux on x86-64 with glibc."),
    /** Dependencies could not be resolved. */
    UK107(
            "A dependency was not found",
            "uk-platform-kvm takes the place of the hosted platform; it comes from the same repositories as the other artifacts of uk4j."),
    /** Two things claim one place in the image. */
    UK108("The image cannot be written", "The message says which part is in the way."),
    /** An image or its manifest is damaged. */
    UK109("An image is damaged, or is not the one that its manifest tells of", "Make it again: mvn clean package."),
    /** QEMU is missing. */
    UK201(
            "QEMU was not found, or is too old",
            "Install it; the message has the command for this system. `-Duk.run.qemu=PATH` names one that is not on the PATH."),
    /** A port of this machine is in use. */
    UK202("A port of this machine is in use", "Forward another: `-Duk.run.ports=8081:80`."),
    /** KVM was asked for and does not work. */
    UK203("KVM does not work here", "Use emulation: `-Duk.accel=tcg`, or auto, which tries KVM first."),
    /** The appliance did not get ready in time. */
    UK204("The appliance did not get ready in time", "Its console says why; readyTimeout gives it longer."),
    /** The machine ended with a failure. */
    UK205("The appliance ended with a failure", "Its last lines say why; docs/boot.md has the table of exit codes."),
    /** The AOT cache could not be made. */
    UK206("The AOT cache could not be recorded", "Build without one: `-Duk.image.aot=false`."),
    /** Two machines of one image beside a build. */
    UK207(
            "A machine of this image runs already",
            "It ends with the Maven that started it; `uk:stop` ends it now, also one that was left over.");

    private final String meaning;
    private final String remedy;

    ProblemCode(String meaning, String remedy) {
        this.meaning = meaning;
        this.remedy = remedy;
    }

    /** What it means, as half a sentence. */
    public String meaning() {
        return meaning;
    }

    /** What to do about it. */
    public String remedy() {
        return remedy;
    }
}
