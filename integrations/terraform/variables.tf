# An ephemeral variable (Terraform 1.10, OpenTofu 1.11) is in no state and no plan. keyarc gives it:
#
#   keyarc run --no-env-file --mask --set TF_VAR_stripe=keyarc://personal/Payments/Stripe/value -- terraform apply
#
# It may go into providers and into arguments that are only written (`…_wo`).
variable "stripe" {
  type      = string
  sensitive = true
  ephemeral = true
}
