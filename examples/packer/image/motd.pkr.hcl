variable "text" {
  type = string
}

variable "target" {
  type = string
}

source "file" "motd" {
  content = var.text
  target  = var.target
}

build {
  sources = ["source.file.motd"]

  # Writes packer-manifest.json, which becomes the outputs of the job.
  post-processor "manifest" {}
}
