/* batch_topk: chooses the features of a batch that stay active, so that their number is as wanted. */
#ifndef CT_TRAIN_BATCH_TOPK_H
#define CT_TRAIN_BATCH_TOPK_H

/*
 *   cutoff = the (B*k+1)-th largest of the h[t,f] * norm[f] that are above 0, or 0 when there are fewer
 *   theta[f] = cutoff / norm[f]
 *
 * So B*k features have h > theta, or all that are above 0 if they are fewer, except for ties and rounding.
 *
 *   h in (B,F)  norm in (F)  theta out (F), FLT_MAX where norm is 0  scratch (B,F)
 *   hint        the cutoff of an earlier batch, or 0: saves time, and changes nothing
 *
 * Returns cutoff. About B*F steps, and a selection among the candidates. Oracle: sorting all of them.
 */
float ct_batch_topk(int B, int F, const float *h, const float *norm, int k, float hint, float *theta,
    float *scratch);

#endif
