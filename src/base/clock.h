/* clock: a clock that only goes forward. */
#ifndef CT_BASE_CLOCK_H
#define CT_BASE_CLOCK_H

/* Seconds since some moment in the past. */
double ct_seconds(void);

#endif
