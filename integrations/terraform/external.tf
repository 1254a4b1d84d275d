# Values that Terraform reads like this stand in its state, in clear. variables.tf does without.
terraform {
  required_providers {
    external = {
      source  = "hashicorp/external"
      version = "~> 2.3"
    }
  }
}

data "external" "keyarc" {
  program = ["keyarc", "terraform-external", "--environment", "production"]
  query = {
    stripe       = "keyarc://personal/Payments/Stripe/value"
    database_url = "keyarc://personal/Service/DATABASE_URL"
  }
}

output "stripe" {
  value     = data.external.keyarc.result.stripe
  sensitive = true
}
