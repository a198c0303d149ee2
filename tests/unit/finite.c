/* finite: see finite.h. */
#include "finite.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

void
finite_check(const struct ct_params *p, double *w, const float *grad, double scale, const char *without,
    finite_loss loss, void *ctx)
{
	for (int k = 0; k < p->n; k++) {
		const struct ct_param *q = &p->list[k];
		double worst = 0, size = 0;

		if (without && strncmp(q->name, without, strlen(without)) == 0)
			continue;
		for (size_t i = q->at; i < q->at + q->n; i++) {
			double keep = w[i], up, down, d;

			w[i] = keep + 1e-5;
			up = loss(ctx, w);
			w[i] = keep - 1e-5;
			down = loss(ctx, w);
			w[i] = keep;
			d = scale * (up - down) / 2e-5;
			size = fmax(size, fabs(d));
			worst = fmax(worst, fabs(d - (double)grad[i]));
		}
		if (worst > 2e-5 * size + 1e-7)
			fail_msg("%s: gradient off by %g of %g", q->name, worst, size);
		assert_true(size > 0);
	}
}
