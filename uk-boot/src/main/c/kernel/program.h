// The program that the machine runs.
#ifndef UK_PROGRAM_H
#define UK_PROGRAM_H

struct thread;

// Loads what /uk/arguments names, with those arguments and the environment of /uk/environment, a line each. In the place of a line "@boot" come the
// words of the machine's command line that begin with "uk.". Returns its first thread, ready
// to be started; or says what is wrong and ends the machine with EXIT_IMAGE.
struct thread *program_load(void);

#endif
