import type { Node } from '../resolvers/context.ts'
import { builder } from './builder.ts'

/** The nouns, known before their fields, since they point at each other. */
export const User = builder.objectRef<Node>('User')
export const Session = builder.objectRef<Node>('Session')
export const Touch = builder.objectRef<Node>('Touch')
export const Conversion = builder.objectRef<Node>('Conversion')

export const Company = builder.objectRef<Node>('Company')
export const Membership = builder.objectRef<Node>('Membership')

export const UserConnection = connection(User, 'users')
export const SessionConnection = connection(Session, 'sessions')
export const TouchConnection = connection(Touch, 'touches')
export const ConversionConnection = connection(Conversion, 'conversions')
export const CompanyConnection = connection(Company, 'companies')
export const MembershipConnection = connection(Membership, 'memberships')

function connection(type: typeof User, rows: string) {
  return builder.connectionObject(
    { type, name: `${type.name}Connection`, description: `A page of ${rows}, after the Relay specification.` },
    { name: `${type.name}Edge`, description: `One of the ${rows} of a page.` },
  )
}
