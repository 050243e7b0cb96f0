/** The platform of a sealed image on KVM and the virtual machine monitors that use it. */
package io.uk4j.platform.kvm;
