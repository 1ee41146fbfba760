variable "name" {
  type = string
}

variable "racks" {
  type    = number
  default = 1
}

variable "token" {
  type      = string
  sensitive = true
  default   = ""
}

# Built in: it needs no provider, and stands here for what a site is made of.
resource "terraform_data" "rack" {
  count = var.racks
  input = "${var.name}-rack-${count.index + 1}"
}

output "racks" {
  value = terraform_data.rack[*].output
}

output "token" {
  value     = var.token
  sensitive = true
}
